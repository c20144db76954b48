import type { Answers } from './scripted-source.ts'

/** Answers of a source of level 0 without topics to cascade broker 101. */
export const beatAnswer: Answers['CascadeBeat'] = {
  clusterId: 'c',
  broker: 1,
  level: 0,
  ancestors: [1],
  assignments: [],
  metadataLeader: 1,
  featureLevel: 1,
  brokers: [],
  topics: 'none',
  topicsVersion: 3,
  caughtUp: true,
}
export const topicsAnswer: Answers['CascadeTopics'] = { digest: 'none', version: 3, total: 0, topics: [] }
