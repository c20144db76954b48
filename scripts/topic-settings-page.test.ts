import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { topicSettingsPage } from './topic-settings-page.ts'

test('docs/topic-settings.md is what "npm run docs" writes', () => {
  expect(readFileSync(new URL('../docs/topic-settings.md', import.meta.url), 'utf8')).toBe(topicSettingsPage())
})
