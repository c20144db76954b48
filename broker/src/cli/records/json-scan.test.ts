import fc from 'fast-check'
import { expect, it } from 'vitest'
import { JsonScan } from './json-scan.ts'

/** What JSON.parse says: undefined where it throws. */
function parsed(bytes: Uint8Array): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)) }
  } catch {
    return undefined
  }
}

function keyText(key: Uint8Array | null): string | null {
  return key === null ? null : Buffer.from(key).toString()
}

/** What it takes JSON.parse takes, and the key is the text that JSON.parse and String give. */
function check(bytes: Uint8Array): boolean {
  const isSound = new JsonScan(bytes, null).isSound()
  const truth = parsed(bytes)
  if (isSound) expect(truth).toBeDefined()
  const scan = new JsonScan(bytes, 'k')
  if (!scan.isSound()) return isSound
  expect(truth).toBeDefined()
  const { key } = scan
  if (key === undefined) return isSound
  const value = (truth!.value as { k: unknown }).k
  expect(keyText(key)).toBe(value === null ? null : String(value))
  return isSound
}

it('takes what JSON.parse takes, whatever the spaces', () => {
  const spaces = fc.constantFrom(undefined, 1, '\t', '\r\n ')
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }), spaces, (value, space) => {
      fc.pre(JSON.stringify(value).isWellFormed())
      expect(check(Buffer.from(JSON.stringify(value, null, space)))).toBe(true)
    }),
  )
})

it.each(['2.true', '{"a":2.true}', '1e"a"', '[-null]', '1.false', '-true'])(
  'takes no number that goes on as something else: %s',
  (text) => {
    expect(check(Buffer.from(text))).toBe(false)
  },
)

it('takes nothing that JSON.parse does not take, and finds the same key', () => {
  const scalars = fc.constantFrom(
    '"a"',
    '"ü"',
    '"\\u0041"',
    '1',
    '-0',
    '1.0',
    '1e3',
    '12345678901234567890',
    'null',
    'true',
  )
  const names = fc.constantFrom('"k"', '"K"', '"\\u006b"', '"kk"', '"a"')
  const objects = fc
    .array(fc.tuple(names, fc.oneof(scalars, fc.constantFrom('{}', '[]', '[1,{"k":2}]', '{"k":[]}'))), { maxLength: 4 })
    .map((fields) => `{${fields.map(([name, value]) => `${name}:${value}`).join()}}`)
  const pieces = fc.constantFrom(
    ...'{}[]",:\\ 0123456789+-.eEutrfalsn\n\t\u0001',
    '"k":',
    'null',
    'true',
    '\ufeff',
    'ü',
  )
  const changes = fc.array(fc.tuple(fc.nat(60), fc.nat(2), pieces), { maxLength: 3 })
  fc.assert(
    fc.property(objects, changes, (text, changed) => {
      const units = [...text]
      for (const [place, removed, piece] of changed) units.splice(place % (units.length + 1), removed, piece)
      check(Buffer.from(units.join('')))
    }),
    { numRuns: 3000 },
  )
})

it('takes no bytes that are not UTF-8', () => {
  expect(new JsonScan(Uint8Array.of(0x22, 0xff, 0x22), null).isSound()).toBe(false)
  expect(new JsonScan(Uint8Array.of(0x22, 0xc3, 0xbc, 0x22), null).isSound()).toBe(true)
})

it.each([
  '',
  ' ',
  '{',
  '[1,]',
  '{"a":1,}',
  '{"a"}',
  '{a:1}',
  '01',
  '-',
  '1.',
  '.5',
  '1e',
  '+1',
  'nul',
  'truex',
  '"\t"',
  '"\\x"',
  '"\\u12g4"',
  '[1}',
  '{"a":1]',
  '1 2',
  '""x',
  '[',
  '"',
])('does not take %j', (text) => {
  expect(new JsonScan(Buffer.from(text), null).isSound()).toBe(false)
  expect(parsed(Buffer.from(text))).toBeUndefined()
})

it('leaves lines that are nested too deep to JSON.parse', () => {
  const nested = (depth: number): Buffer => Buffer.from('['.repeat(depth) + ']'.repeat(depth))
  expect(new JsonScan(nested(30), null).isSound()).toBe(true)
  expect(new JsonScan(nested(31), null).isSound()).toBe(false)
})
