import { expect, it } from 'vitest'
import { unknownGroups, unknownInText } from './query-labels.ts'

const known = new Map([
  ['up', new Set(['job', 'instance'])],
  ['tailrace_errors_total', new Set(['job', 'instance', 'code'])],
  ['tailrace_sync_seconds_bucket', new Set(['job', 'instance', 'le'])],
])
const groups = (query: string) => unknownGroups(query, known)
const text = (words: string, query: string) => unknownInText(words, query, known)

it('knows a label to group by that a series inside does not have', () => {
  expect(groups('sum by (job, code) (rate(tailrace_errors_total[5m]))')).toEqual([])
  expect(groups('sum by (job, colour) (rate(tailrace_errors_total[5m]))')).toEqual([
    'by (colour) of tailrace_errors_total',
  ])
  expect(groups('max by (le) (tailrace_sync_seconds_bucket) / sum by (le) (tailrace_errors_total)')).toEqual([
    'by (le) of tailrace_errors_total',
  ])
  expect(groups('sum(tailrace_errors_total) by (colour)')).toEqual(['by (colour) of tailrace_errors_total'])
  expect(groups('tailrace_errors_total / on (code) up')).toEqual(['by (code) of up'])
})

it('knows a label in a legend that the result does not have', () => {
  const rate = 'rate(tailrace_errors_total{job="a"}[5m])'
  expect(text('{{code}}, {{instance}}', rate)).toEqual([])
  expect(text('{{colour}}', rate)).toEqual([`{{colour}} of ${rate}`])
  expect(text('{{instance}}', `sum by (code) (${rate})`)).toEqual([`{{instance}} of sum by (code) (${rate})`])
  expect(text('{{code}}', `topk(20, sum by (code) (${rate}))`)).toEqual([])
  expect(text('{{code}}', `sum(${rate})`)).toHaveLength(1)
  expect(text('all of them', 'time()')).toEqual([])
})

it('knows that a quantile has no le', () => {
  const quantile = 'histogram_quantile(0.5, sum by (instance, le) (rate(tailrace_sync_seconds_bucket[5m])))'
  expect(text('{{instance}}', quantile)).toEqual([])
  expect(text('{{le}}', quantile)).toHaveLength(1)
})

it('knows a label in the summary of an alert that the result does not have', () => {
  expect(text('{{ $labels.instance }}: {{ $value }}', '(up == 0) - time()')).toEqual([])
  expect(text('{{ $labels.code }}: {{ $value | humanize }}', 'up == 0')).toEqual(['{{code}} of up == 0'])
})

it('does not guess the labels of what it does not understand', () => {
  expect(() => text('{{job}}', 'label_replace(up, "a", "b", "c", "d")')).toThrow('not known which labels')
})
