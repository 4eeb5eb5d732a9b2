"""Vision network blocks: one file each, usable in a notebook with nothing but torch.

Category = folder. A file holds one public `nn.Module` marked by `@block`; the app reads that mark, the signature and
the docstring from the source text, so adding a file here is all it takes to add a block. Folders that begin with an
underscore hold code that several blocks share and are not categories.
"""
