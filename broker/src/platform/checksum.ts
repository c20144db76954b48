/** CRC-32C of bytes[start, end); the platform may give a faster one than the portable code in schemas. */
export type Crc32c = (bytes: Uint8Array, start: number, end: number) => number
