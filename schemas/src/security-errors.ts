/** A row of the error table. */
export interface ErrorRow {
  readonly status: number
  readonly retriable: boolean
  readonly message: string
  readonly hint: string
}

/** Rows of the error table: who may connect, and who may do what. */
export const securityErrors = {
  TLS_REQUIRED: {
    status: 400,
    retriable: false,
    message: 'This port takes only TLS connections.',
    hint: 'Clients use an address with https:// or wss:// and the CA of its certificate; brokers the settings sourceTls and peerTls.',
  },
  TLS_OFF: {
    status: 400,
    retriable: false,
    message: 'This port takes no TLS connections.',
    hint: 'Use an address with http:// or ws://, or switch TLS on with the broker setting tls.',
  },
  TLS_FAILED: {
    status: 502,
    retriable: false,
    message: 'The TLS connection could not be made.',
    hint: 'The message names the reason; docs/security.md tells how certificates are made and checked.',
  },
  CERTIFICATE_REFUSED: {
    status: 403,
    retriable: false,
    message: 'The client certificate is missing or not trusted.',
    hint: 'Show a certificate that a CA of the broker has signed: --tls-cert and --tls-key of the command line, tls.cert and tls.key of the SDKs.',
  },
  ORIGIN_REFUSED: {
    status: 403,
    retriable: false,
    message: 'Pages of this origin may not do this.',
    hint: 'Add the origin to the broker setting readOrigins or writeOrigins, or ask from a program.',
  },
  HOST_REFUSED: {
    status: 421,
    retriable: false,
    message: 'The request is for another host.',
    hint: 'Use an address of the broker, or add the name to its setting hosts.',
  },
  AUTHENTICATION_REQUIRED: {
    status: 401,
    retriable: false,
    message: 'This needs a credential that is valid.',
    hint: 'Give a user with its password, a token or a client certificate: see docs/security.md.',
  },
  AUTHENTICATION_FAILED: {
    status: 401,
    retriable: false,
    message: 'The credential is not accepted.',
    hint: 'Check user, password or token; expired and revoked ones are not accepted. The log of the broker says more.',
  },
  AUTHORIZATION_FAILED: {
    status: 403,
    retriable: false,
    message: 'No rule allows this, or one forbids it.',
    hint: 'An operator allows it with "tailrace acl add"; "tailrace acl test" says what holds. A token may be limited.',
  },
  PEER_NOT_AUTHENTICATED: {
    status: 401,
    retriable: false,
    message: 'The peer has not proved that it belongs to the cluster.',
    hint: 'Give every broker the same clusterKeyFile; see "Brokers among themselves" in docs/security.md.',
  },
  THROTTLED: {
    status: 429,
    retriable: true,
    message: 'A quota is used up.',
    hint: 'Wait for as long as retryAfterMs and retry-after say; "tailrace quota list" shows the limits.',
  },
  UNKNOWN_QUOTA: {
    status: 404,
    retriable: false,
    message: 'There is no such quota.',
    hint: 'Look at "tailrace quota list"; a quota is removed by exactly what it names.',
  },
  TOO_MANY_QUOTAS: {
    status: 409,
    retriable: false,
    message: 'The cluster keeps as many quotas as it can.',
    hint: 'Give "*" as principal, client id or address, so that one quota is about each.',
  },
} as const satisfies Record<string, ErrorRow>
