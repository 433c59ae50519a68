"""Pages of HTML, read as strictly as a test wants them."""

import re
from html.parser import HTMLParser

# Tags that have no end.
VOID = {"meta", "link", "img", "br", "input", "hr", "path", "circle"}


def parse(page: str):
    """Read a page's tags and the text outside scripts and styles; every tag must be closed."""

    class Reader(HTMLParser):
        def __init__(self):
            super().__init__()
            self.tags, self.open, self.text = [], [], []

        def handle_starttag(self, tag, attributes):
            self.tags.append((tag, dict(attributes)))
            if tag not in VOID:
                self.open.append(tag)

        def handle_endtag(self, tag):
            if tag not in VOID:
                assert self.open.pop() == tag

        def handle_data(self, data):
            if not {"script", "style"} & set(self.open):
                self.text.append(data)

    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return reader.tags, re.sub(r"\s+", " ", " ".join(reader.text))
