/** Begins the names of headers that tell of a dead letter. */
export const DEAD_LETTER_PREFIX = 'tailrace.dlq.'
