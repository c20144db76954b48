import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { configurationPage } from './documentation.ts'

it('docs/configuration.md follows from the table of settings; "npm run docs" writes it', () => {
  expect(readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8')).toBe(configurationPage())
})
