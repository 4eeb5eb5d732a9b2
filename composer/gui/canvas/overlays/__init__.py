"""Widgets that float over the canvas: minimap, breadcrumb, search fields, menus."""
