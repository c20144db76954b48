import type { ErrorRow } from '../security-errors.ts'

/** The errors of consumer groups; see errorTable. */
export const consumerGroupErrors = {
  UNKNOWN_CONSUMER_GROUP: {
    status: 404,
    retriable: false,
    message: 'There is no such consumer group.',
    hint: 'A group comes to be with its first member or position; "tailrace group list" shows those that there are.',
  },
  FENCED_MEMBER: {
    status: 409,
    retriable: false,
    message: 'The consumer is no member of the group any more.',
    hint: 'Its session ran out, or it has left. Join anew, and handle nothing that was assigned before.',
  },
  INSTANCE_TAKEN: {
    status: 409,
    retriable: false,
    message: 'Another process has taken over the instance of this consumer.',
    hint: 'Give each process an instanceId of its own; a process in whose place another one was started can end.',
  },
  CONSUMER_GROUP_ACTIVE: {
    status: 409,
    retriable: false,
    message: 'The consumer group has members.',
    hint: 'Stop its consumers first; "tailrace group describe" shows them.',
  },
  CONSUMER_GROUPS_FULL: {
    status: 409,
    retriable: false,
    message: 'The coordinator keeps as much of consumer groups as it can.',
    hint: 'Remove groups that are not needed with "tailrace group delete"; use fewer members, shorter metadata, or fewer delayed records.',
  },
  COORDINATOR_UNAVAILABLE: {
    status: 503,
    retriable: true,
    message: 'The coordinator of the consumer group cannot be reached at the moment.',
    hint: 'Wait for an election, usually under two seconds; check that a majority of the replicas of "__groups" is up.',
  },
} as const satisfies Readonly<Record<string, ErrorRow>>
