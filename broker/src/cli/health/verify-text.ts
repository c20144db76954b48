import type { Finding } from '../../log/inspect/finding.ts'
import { grouped, plural, sizeText } from '../quantity.ts'
import { table } from '../table.ts'
import type { VerifiedFolder, VerifiedPartition } from './verify-folder.ts'

/** What was found in a data folder, for people. */
export function verifiedText(found: VerifiedFolder, width: number): string {
  const { folder, broker, clusterId, partitions, log, state } = found
  const head = [
    `folder      ${folder}`,
    `broker      ${broker === 0 ? 'none named' : broker}`,
    `cluster     ${clusterId === '' ? 'none yet' : clusterId}`,
    `journal     ${plural(log.journalFiles, 'file')}, ${plural(log.rounds, 'round')} after the checkpoint`,
    `segments    ${grouped(log.segments)}`,
    `state       ${state === null ? 'not read' : `${plural(state.pairs, 'pair')}, ${sizeText(state.bytes)}`}`,
  ]
  const parts = [head.join('\n')]
  if (partitions.length > 0) parts.push(partitionTable(partitions, width))
  if (found.findings.length > 0) parts.push(found.findings.map(findingText).join('\n'))
  parts.push(summary(found))
  return parts.join('\n\n')
}

function partitionTable(partitions: readonly VerifiedPartition[], width: number): string {
  return table(
    partitions,
    [
      { title: 'PARTITION', of: ({ name }) => name },
      // A cascade broker keeps no term of its own.
      { title: 'TERM', of: ({ term, lastTerm }) => Math.max(term, lastTerm), right: true },
      { title: 'ENTRIES', of: ({ entries }) => entries, right: true },
      { title: 'RECORDS', of: ({ records }) => records, right: true },
      { title: 'BYTES', of: ({ bytes }) => sizeText(bytes), right: true },
      { title: 'FIRST', of: ({ firstOffset }) => firstOffset, right: true },
      { title: 'LAST', of: ({ endOffset, records }) => (records === 0 ? '' : endOffset - 1), right: true },
      { title: 'SEGMENTS', of: ({ segments }) => segments, right: true },
      { title: 'STATE', of: ({ damaged }) => (damaged ? 'damaged' : 'sound') },
    ],
    width,
  )
}

/** One finding in two lines: the place and the problem, then the next step. */
function findingText({ severity, file, position, problem, advice }: Finding): string {
  const place = position === null ? file : `${file} at ${position}`
  return `${severity === 'damage' ? 'DAMAGE' : 'note'}  ${place}: ${problem}${advice === '' ? '' : `\n  ${advice}`}`
}

function summary({ sound, findings, partitions }: VerifiedFolder): string {
  const damages = findings.filter(({ severity }) => severity === 'damage').length
  const records = partitions.reduce((sum, partition) => sum + partition.records, 0)
  const bytes = partitions.reduce((sum, partition) => sum + partition.bytes, 0)
  const held = `${plural(partitions.length, 'replica')}, ${plural(records, 'record')}, ${sizeText(bytes)}`
  return sound ? `sound: ${held}` : `damaged: ${damages === 1 ? '1 place' : `${grouped(damages)} places`}; ${held}`
}
