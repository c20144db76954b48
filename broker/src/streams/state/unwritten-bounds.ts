/**
 * Bytes that the replicas of a broker may have applied together before its state store has them. Leaders stop first,
 * since they can tell their clients; a follower that takes nothing is sent all of it again.
 */
export const MOST_UNWRITTEN_BY_LEADERS = 32 * 1024 * 1024
export const MOST_UNWRITTEN_BY_FOLLOWERS = 2 * MOST_UNWRITTEN_BY_LEADERS
