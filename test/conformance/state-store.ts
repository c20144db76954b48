import { afterEach, beforeEach, expect, test } from 'vitest'
import type { StateStore } from '../../broker/src/log/log-storage.ts'

/** A store under test; `reopen` closes and opens it again if it survives that. */
export interface StateStoreUnderTest {
  open(): Promise<StateStore>
  readonly durable: boolean
  /**
   * Opens a copy of the files as they are now, without the bytes that the system still holds for the process; undefined
   * where there are no files.
   */
  openCopy?(): Promise<StateStore>
  dispose(): Promise<void>
}

/** The promises of StateStore in broker/src/log/log-storage.ts, for any implementation. */
export function stateStoreConformance(make: () => StateStoreUnderTest): void {
  let subject: StateStoreUnderTest
  let store: StateStore
  const text = (value: string) => new TextEncoder().encode(value)
  const read = async (key: string) => {
    const value = await store.get(key)
    return value === null ? null : new TextDecoder().decode(value)
  }
  const keys = async (from: string, to: string) => {
    const found: string[] = []
    for await (const [key] of store.range(from, to)) found.push(key)
    return found
  }

  beforeEach(async () => {
    subject = make()
    store = await subject.open()
  })
  afterEach(async () => {
    await store.close()
    await subject.dispose()
  })

  test('a missing key is null, a written one is its value, an empty value is empty', async () => {
    expect(await read('a')).toBeNull()
    await store.write([
      ['a', text('1')],
      ['b', text('')],
    ])
    expect(await read('a')).toBe('1')
    expect(await read('b')).toBe('')
  })

  test('many reads at once are each answered with their own values', async () => {
    const names = Array.from({ length: 100 }, (_, at) => `many/${at}`)
    await store.write(names.filter((_, at) => at % 3 > 0).map((name) => [name, text(name)]))
    const found = await Promise.all(names.map(read))
    expect(found).toEqual(names.map((name, at) => (at % 3 > 0 ? name : null)))
  })

  test('later changes win, also within one write, and null removes', async () => {
    await store.write([
      ['a', text('1')],
      ['a', text('2')],
      ['b', text('3')],
      ['b', null],
    ])
    expect(await read('a')).toBe('2')
    expect(await read('b')).toBeNull()
    await store.write([['a', null]])
    expect(await keys('', '\u{10ffff}')).toEqual([])
  })

  test('a range holds from <= key < to, in the order of the bytes', async () => {
    const unsorted = ['b', 'a/2', 'a/10', 'a', 'é', 'a0', '\u{1f600}', '\u{ffee}']
    await store.write(unsorted.map((key) => [key, text(key)] as const))
    expect(await keys('a/', 'a0')).toEqual(['a/10', 'a/2'])
    expect(await keys('a', 'b')).toEqual(['a', 'a/10', 'a/2', 'a0'])
    expect(await keys('c', '\u{10ffff}')).toEqual(['é', '\u{ffee}', '\u{1f600}'])
    expect(await keys('b', 'a')).toEqual([])
  })

  test('a range may be left early, and shows the state in which it was begun', async () => {
    await store.write(Array.from({ length: 300 }, (_, i) => [`k${String(i).padStart(3, '0')}`, text('x')] as const))
    let seen = 0
    for await (const _ of store.range('k', 'l')) {
      if (seen++ === 0) await store.write([['k250', null]])
    }
    expect(seen).toBe(300)
    for await (const _ of store.range('k', 'l')) break
    expect(await keys('k249', 'k252')).toEqual(['k249', 'k251'])
  })

  test('a snapshot shows the state in which it was taken, unchanged by later writes', async () => {
    await store.write(Array.from({ length: 200 }, (_, i) => [`k${String(i).padStart(3, '0')}`, text('old')] as const))
    const snapshot = store.snapshot()
    await store.write([
      ['k100', text('new')],
      ['k101', null],
      ['k1005', text('added')],
    ])
    await store.flush()
    const found: string[] = []
    for await (const [key, value] of snapshot.range('k099', 'k103'))
      found.push(`${key}=${new TextDecoder().decode(value)}`)
    expect(found).toEqual(['k099=old', 'k100=old', 'k101=old', 'k102=old'])
    expect(new TextDecoder().decode((await snapshot.get('k100'))!)).toBe('old')
    expect(await snapshot.get('k1005')).toBeNull()
    const later = store.snapshot()
    expect(new TextDecoder().decode((await later.get('k100'))!)).toBe('new')
    await later.close()
    await snapshot.close()
    expect(await read('k100')).toBe('new')
    expect(await keys('k099', 'k103')).toEqual(['k099', 'k100', 'k1005', 'k102'])
  })

  test('flushed pairs are there without a close', async () => {
    await store.write([['a', text('1')]])
    await store.flush()
    expect(await read('a')).toBe('1')
    const copy = await subject.openCopy?.()
    if (copy === undefined) return
    expect(new TextDecoder().decode((await copy.get('a'))!)).toBe('1')
    await copy.close()
  })

  test('values do not change with the arrays they came from', async () => {
    const value = text('before')
    await store.write([['a', value]])
    value.fill(0)
    expect(await read('a')).toBe('before')
  })

  test('written pairs are there after closing and opening', async () => {
    if (!subject.durable) return
    await store.write([['a', text('1')]])
    await store.close()
    store = await subject.open()
    expect(await read('a')).toBe('1')
  })
}
