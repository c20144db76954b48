import { expect, it } from 'vitest'
import { importing } from './common-js.ts'

it('leads relative imports of declarations to files of one kind, and leaves packages alone', () => {
  const text = `export * from './a.ts'
export type { B } from "../b/b.js"
export declare const c: import('./c.ts').C
import { d } from '@tailrace/client'
import e from 'e.js'
`
  expect(importing(text, 'cjs')).toBe(`export * from './a.cjs'
export type { B } from "../b/b.cjs"
export declare const c: import('./c.cjs').C
import { d } from '@tailrace/client'
import e from 'e.js'
`)
  expect(importing(text, 'js')).toContain("from './a.js'")
})
