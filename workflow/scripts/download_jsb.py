"""Fetch the JSB Chorales: an address and a checksum in, the file out."""

from odyssey.console import job
from odyssey.corpora.jsb import download

with job(snakemake.log[0]):
    download(snakemake.params.url, snakemake.params.sha256, snakemake.output[0])
