"""Reads XML documents and says what libexpat with namespaces makes of them.

Each document and each verdict is a frame: its length in four bytes, then the
bytes. A verdict is "+" and the content of the last element directly in the
root (or "" if there is none) in the form that streams.go writes, or "-" and
the error. Programs choose the character that separates namespaces from names;
a document must be read with each.
"""

import struct
import sys
import pyexpat

SEPARATORS = ("\n", " ", "|", "}", "^", "\t")


class Element:
    def __init__(self, name, attrs):
        self.name, self.attrs, self.text, self.children = name, attrs, [], []

    def canonical(self, out):
        out.append("\x02" + self.name)
        names = self.attrs[::2]
        values = self.attrs[1::2]
        pairs = [name + "=" + value for name, value in zip(names, values)]
        pairs.sort(key=lambda pair: pair.encode())
        out.extend("\x03" + pair for pair in pairs)
        out.append("\x04" + "".join(self.text))
        for child in self.children:
            child.canonical(out)
        out.append("\x05")


def parse(doc, separator):
    stack = [Element("", [])]

    def start(name, attrs):
        element = Element(name, attrs)
        stack[-1].children.append(element)
        stack.append(element)

    parser = pyexpat.ParserCreate("utf-8", separator)
    parser.ordered_attributes = True
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: stack.pop()
    parser.CharacterDataHandler = lambda text: stack[-1].text.append(text)
    parser.Parse(doc, True)
    return stack[0].children[0]


def verdict(doc):
    try:
        root = parse(doc, SEPARATORS[0])
        for separator in SEPARATORS[1:]:
            parse(doc, separator)
    except pyexpat.ExpatError as error:
        return "-" + str(error)
    out = ["+"]
    if root.children:
        root.children[-1].canonical(out)
    return "".join(out)


def main():
    while True:
        head = sys.stdin.buffer.read(4)
        if len(head) < 4:
            return
        (length,) = struct.unpack(">I", head)
        answer = verdict(sys.stdin.buffer.read(length)).encode("utf-8", "surrogatepass")
        sys.stdout.buffer.write(struct.pack(">I", len(answer)) + answer)
        sys.stdout.buffer.flush()


main()
