import { expect, test } from 'vitest'
import { type FormatName, formatTable, refuseNewer } from './formats.ts'

test('a version is refused exactly when it is a whole number above what the table knows, for every format', () => {
  for (const name of Object.keys(formatTable) as FormatName[]) {
    const { version } = formatTable[name]
    for (const found of [version, version - 1, version + 0.5, `${version + 1}`, null, undefined, Number.NaN]) {
      expect(() => refuseNewer(name, found)).not.toThrow()
    }
    expect(() => refuseNewer(name, version + 1, 'there')).toThrow(`(there) has version ${version + 1};`)
  }
})
