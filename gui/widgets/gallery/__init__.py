"""The gallery of images: thousands of tiles, filters, orders, export."""
