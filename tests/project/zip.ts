import { inflateRawSync } from "node:zlib";

const CENTRAL_ENTRY = Buffer.from("PK\u0001\u0002", "latin1");

/** The files in a zip archive, name → text. https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT */
export function readZip(zip: Buffer): Map<string, string> {
  const files = new Map<string, string>();
  for (let at = zip.indexOf(CENTRAL_ENTRY); at >= 0; at = zip.indexOf(CENTRAL_ENTRY, at + 46)) {
    const [isDeflated, size, start] = [
      zip.readUInt16LE(at + 10) === 8,
      zip.readUInt32LE(at + 20),
      zip.readUInt32LE(at + 42),
    ];
    const name = zip.toString("utf8", at + 46, at + 46 + zip.readUInt16LE(at + 28));
    const from = start + 30 + zip.readUInt16LE(start + 26) + zip.readUInt16LE(start + 28);
    const data = zip.subarray(from, from + size);
    files.set(name, (isDeflated ? inflateRawSync(data) : data).toString("utf8"));
  }
  return files;
}
