"""What moto lacks or does otherwise than AWS, piece by piece in moto's shape; `installation` puts it on."""
