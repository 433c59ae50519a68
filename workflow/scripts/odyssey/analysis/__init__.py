"""What the trials say: plain functions from tables to tables, none of which draws or trains."""
