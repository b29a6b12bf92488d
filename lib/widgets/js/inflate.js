// Undo zlib: a byte array from the model's bytes.
async function inflate({ buffer, byteOffset, byteLength }) {
  const packed = new Blob([new Uint8Array(buffer, byteOffset, byteLength)]);
  const stream = packed.stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
