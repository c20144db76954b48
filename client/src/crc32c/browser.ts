export { crc32c } from '@tailrace/schemas'
