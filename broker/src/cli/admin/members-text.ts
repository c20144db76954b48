import { errorTable } from '@tailrace/schemas/errors'
import type { MemberProgress, MembersDescription } from '../../api/admin-api.ts'
import { grouped, sizeText } from '../quantity.ts'
import { table } from '../table.ts'

/** The members of a group, for people. */
export function membersText(name: string, members: MembersDescription, width: number, racks: Racks): string {
  return `${headLines(name, members).join('\n')}\n\n${progressTable(members.members, width, racks)}`
}

/** The lines above a table of members: leader, term, the change under way and the result of the last one. */
export function headLines(name: string, members: MembersDescription): string[] {
  const { leader, term, stage, voters, outgoing, learners, target, lastOutcome } = members
  const lines = [`group     ${name}`, `leader    ${leader === 0 ? 'none' : `broker ${leader}`}, term ${grouped(term)}`]
  const old = outgoing.length === 0 ? '' : `, together with the old majority of ${outgoing.join(',')}`
  lines.push(`voters    ${voters.join(',')}${old}`)
  if (learners.length > 0) lines.push(`learners  ${learners.join(',')}`)
  if (target !== null) lines.push(`change    to ${target.join(',')}: ${stageText(members)}`)
  else if (stage !== 'stable') lines.push(`change    ${stageText(members)}`)
  if (lastOutcome !== null) {
    const why = reasonText(lastOutcome.reason)
    const reason = why === '' ? '' : `: ${why}`
    lines.push(`last      change to ${lastOutcome.target.join(',')} ${lastOutcome.outcome}${reason}`)
  }
  return lines
}

/** Why a change ended, without the general text of its error code. */
export function reasonText(reason: string): string {
  const general = errorTable.CHANGE_FAILED.message
  const special = reason.startsWith(general) ? reason.slice(general.length) : reason
  return special.trim().replace(/\.$/, '')
}

/** The stage of a change of members. */
export function stageText({ stage, members, voters, target }: MembersDescription): string {
  switch (stage) {
    case 'stable':
      return target?.length === voters.length && target.every((broker) => voters.includes(broker))
        ? 'reached, about to be recorded'
        : 'waits for the leader'
    case 'staging': {
      const late = members.filter(({ broker, caughtUp }) => !caughtUp && (target ?? voters).includes(broker))
      return late.length === 0 ? 'all have caught up' : `catching up: ${late.map(lateText).join('; ')}`
    }
    case 'joint':
      return 'joint: agreed on by the old majority and the new'
    case 'leaving':
      return 'the leader transfers its leadership and leaves'
  }
}

function lateText({ broker, lag, copy, active }: MemberProgress): string {
  if (!active) return `broker ${broker} does not answer`
  if (copy === null) return `broker ${broker} is ${grouped(lag)} ${lag === 1 ? 'entry' : 'entries'} behind`
  return `broker ${broker} has ${sizeText(copy.receivedBytes)} of ${sizeText(copy.totalBytes)}`
}

/** Of the brokers that have one. */
export type Racks = ReadonlyMap<number, string>

export function progressTable(members: readonly MemberProgress[], width: number, racks: Racks = new Map()): string {
  const rack = { title: 'RACK', of: ({ broker }: MemberProgress) => racks.get(broker) ?? '' }
  return table(
    members,
    [
      { title: 'BROKER', of: (member) => member.broker, right: true },
      ...(racks.size > 0 ? [rack] : []),
      { title: 'ROLE', of: (member) => member.role },
      { title: 'STATE', of: (member) => (member.active ? member.state : `${member.state}, silent`) },
      { title: 'MATCH', of: (member) => member.matchIndex, right: true },
      { title: 'NEXT', of: (member) => member.nextIndex, right: true },
      { title: 'LAG', of: (member) => member.lag, right: true },
      { title: 'IN-FLIGHT', of: (member) => member.inFlight, right: true },
      { title: 'COPY', of: (member) => copyText(member.copy) },
      { title: 'CAUGHT-UP', of: (member) => (member.caughtUp ? 'yes' : 'no') },
    ],
    width,
  )
}

function copyText(copy: MemberProgress['copy']): string {
  return copy === null ? '' : `${sizeText(copy.receivedBytes)} of ${sizeText(copy.totalBytes)}`
}
