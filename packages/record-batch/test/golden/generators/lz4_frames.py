"""Writes ../lz4-frames.json: one text in every variant of LZ4 frame, made by the reference C library."""
import base64
import hashlib
import itertools
import json
import pathlib

import lz4.frame

text = b"".join(b"row %d, as planned; " % (index % 60) for index in range(4000))
frames = []
for linked, content, block, size, block_size in itertools.product((0, 1), (0, 1), (0, 1), (0, 1), (4, 5, 6, 7)):
    if block_size not in (4, 7) and (content or block or size):
        continue
    frame = lz4.frame.compress(
        text, block_linked=bool(linked), content_checksum=bool(content), block_checksum=bool(block),
        store_size=bool(size), block_size=block_size,
    )
    frames.append({
        "name": f"linked={linked} contentChecksum={content} blockChecksum={block} contentSize={size} blockSize={block_size}",
        "frame": base64.b64encode(frame).decode(),
    })
noise = bytes((index * 2654435761 >> 13) & 255 for index in range(20_000))
frames.append({"name": "incompressible", "isNoise": True,
               "frame": base64.b64encode(lz4.frame.compress(noise, block_linked=False)).decode()})
out = {"sizeBytes": len(text), "frames": frames}
out["sha256"] = hashlib.sha256(text).hexdigest()
out["noiseSha256"] = hashlib.sha256(noise).hexdigest()
pathlib.Path(__file__).parent.parent.joinpath("lz4-frames.json").write_text(json.dumps(out) + "\n")
