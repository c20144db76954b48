import { authenticationModes } from '../security/access/authorizer.ts'
import { isCertificateRules } from '../security/identity/certificate-names.ts'
import type { BrokerSettings, SettingName } from './broker-settings.ts'
import type { Setting } from './setting.ts'
import type { SettingKind } from './setting-kinds.ts'
import { choice, fileOrNone, principals, text, yesOrNo } from './setting-kinds.ts'

type SecuritySettingName = Extract<
  SettingName,
  'authentication' | 'superUsers' | 'adminTokenFile' | 'certificateRules' | 'insecure' | `jwt${string}` | 'jwksUrl'
>

const claim = text(/^[^\s]{1,100}$/, 'the name of a claim')
const certificateRules: SettingKind<string> = {
  name: 'rules',
  valid: 'CN, DN, or rules like RULE:^CN=([^,]+),O=Example$/$1/,DN as Kafka has them',
  read: (given) => (typeof given === 'string' && isCertificateRules(given) ? given : undefined),
  show: String,
}

/** Rows of the table of settings: who clients are, and who may do everything. */
export const securitySettings: { readonly [Name in SecuritySettingName]: Setting<BrokerSettings[Name]> } = {
  authentication: {
    kind: choice(authenticationModes),
    fallback: { value: 'off' },
    about:
      'off: nobody is asked for a credential, and everybody may do everything. optional: rules hold for clients that show a credential. required: rules hold for all, and nothing is allowed without one. The same on all brokers.',
  },
  superUsers: {
    kind: principals,
    fallback: { value: [] },
    about: 'Principals that may do everything, whatever the rules say.',
  },
  adminTokenFile: {
    kind: fileOrNone,
    fallback: { value: '' },
    about:
      'File with a token that may do everything, for the first steps and for emergencies: anybody who can read it is an administrator. Made with a random token where it is missing.',
  },
  certificateRules: {
    kind: certificateRules,
    fallback: { value: 'CN' },
    about:
      "How the subject of a client's certificate becomes the name of its principal: CN, its common name; DN, the whole of it; or Kafka's rules (ssl.principal.mapping.rules), the first that matches.",
  },
  jwksUrl: {
    kind: text(/^(https?:\/\/[^\s]+)?$/, 'the address of a JSON Web Key Set, like https://issuer.example/keys'),
    fallback: { value: '' },
    about: 'Where the issuer of JSON web tokens has its keys. Tokens of an issuer are taken only where this is set.',
  },
  jwtIssuer: {
    kind: text(/^[^\s]*$/, 'the iss of tokens'),
    fallback: { value: '' },
    about: 'The issuer (iss) that a JSON web token must name. Needed with jwksUrl.',
  },
  jwtAudience: {
    kind: text(/^[^\s]*$/, 'the aud of tokens'),
    fallback: { value: '' },
    about: 'The audience (aud) that a JSON web token must name. Needed with jwksUrl.',
  },
  jwtPrincipalClaim: {
    kind: claim,
    fallback: { value: 'sub' },
    about: 'The claim of a JSON web token that is the name of its user.',
  },
  jwtGroupsClaim: {
    kind: claim,
    fallback: { value: 'groups' },
    about: 'The claim of a JSON web token with the groups of its user; rules name them as Group:name.',
  },
  insecure: {
    kind: yesOrNo,
    fallback: { value: false },
    about:
      'Lets the broker listen beyond this machine although clients, or other brokers, need no credential there. The log, /readyz and the metrics say so.',
  },
}

/** Demands of one of these settings on another. */
export const securityRules: readonly ((settings: BrokerSettings) => string | null)[] = [
  // Its readers would get everything that the source shows to it alone.
  ({ sourceTokenFile, authentication, insecure }) =>
    sourceTokenFile === '' || authentication === 'required' || insecure
      ? null
      : `sourceTokenFile is given, so the source asks for credentials, but authentication is ${authentication} here: set authentication: required, or insecure: true to show everything to anybody.`,
  ({ jwksUrl, jwtIssuer, jwtAudience }) =>
    jwksUrl === '' || (jwtIssuer !== '' && jwtAudience !== '')
      ? null
      : 'jwksUrl is given, but jwtIssuer or jwtAudience is not: without them tokens for others would be taken.',
  ({ jwksUrl }) =>
    jwksUrl.startsWith('http:') && !/^http:\/\/(127\.\d+\.\d+\.\d+|\[::1\]|localhost)(:\d+)?\//.test(jwksUrl)
      ? `jwksUrl is ${JSON.stringify(jwksUrl)}: keys are fetched over https, or from this machine.`
      : null,
]
