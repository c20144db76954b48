import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { configurationPage } from './documentation.ts'

it('docs/configuration.md is what the table of settings says; "npm run docs" writes it', () => {
  expect(readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8')).toBe(configurationPage())
})
