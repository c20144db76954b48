export type TroubleKind = 'disk-full' | 'disk-low' | 'disk-filling' | 'checksum-failures'

/** What is wrong with the disk of a broker. */
export interface Trouble {
  readonly kind: TroubleKind
  /**
   * disk-full, disk-low: bytes that are kept in reserve; disk-filling: hours until only they are free;
   * checksum-failures: places that have been found since the start.
   */
  readonly amount: number
}
