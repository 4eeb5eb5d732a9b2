"""Everything that needs torch: inference, code generation, repair, training, inspection, analysis and export.

`inference` computes shapes and costs on the meta device; `codegen` turns a design into Python text and imports that
text; `repair` offers fixes for errors; `training` trains the imported model, `maps` captures its attention maps and
`inspection` shows those of one image, `analysis` measures it and `export` writes it to files. `__main__` is the worker
process of the window.
"""
