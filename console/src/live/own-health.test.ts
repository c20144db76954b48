import { expect, test } from 'vitest'
import { ownProblems } from './own-health.ts'

const ready = { ready: true, reason: '' }

test.each([
  [{ ready }, []],
  [{ ready: { ready: true, reason: 'ready' }, troubles: null }, []],
  [{ ready: { ready: false, reason: 'joining' } }, [['bad', 'This broker is not ready', 'joining']]],
  [
    { ready: { ready: true, reason: 'serving the records here; no source yet' } },
    [['warning', 'This broker is ready, but not well', 'Serving the records here; no source yet.']],
  ],
  [
    { ready: { ready: true, reason: 'Replicas here in quarantine: 2, stopped: 1. The log says why.' } },
    [
      [
        'warning',
        'This broker is ready, but not well',
        'Replicas here in quarantine: 2, stopped: 1. The log says why.',
      ],
    ],
  ],
  [
    { ready, troubles: [{ kind: 'disk-full', amount: 1e9 }] },
    [['bad', 'The disk of this broker is full', 'Not more than the reserve of 1.0 GB is free: it takes no records.']],
  ],
  [
    {
      ready,
      troubles: [
        { kind: 'disk-low', amount: 1e9 },
        { kind: 'of a later version', amount: 1 },
      ],
    },
    [
      [
        'warning',
        'The disk of this broker is almost full',
        'Less than twice the reserve of 1.0 GB is free. At the reserve it takes no records.',
      ],
    ],
  ],
  [
    { ready, troubles: [{ kind: 'disk-filling', amount: 3 }] },
    [
      [
        'warning',
        'The disk of this broker will soon be full',
        'In about 3 h only the reserve is free, if it fills up as in the last minutes.',
      ],
    ],
  ],
  [
    { ready, troubles: [{ kind: 'checksum-failures', amount: 2 }] },
    [
      [
        'bad',
        'The disk of this broker has damaged records',
        'Since its start it has found 2 places whose checksum is wrong.',
      ],
    ],
  ],
])('%j', (state, expected) => {
  expect(ownProblems(state).map(({ severity, what, why }) => [severity, what, why])).toEqual(expected)
})
