"""The embedded AWS: moto's server with an overlay, in a process of its own on 127.0.0.1.

Importing this package imports neither moto nor werkzeug: only the server's own modules do.
"""
