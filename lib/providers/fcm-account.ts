/**
 * Google's key file of a service account, and everything that people mistake for it.
 * https://firebase.google.com/docs/cloud-messaging/auth-server#provide-credentials-manually
 */
import { createPrivateKey } from 'node:crypto'
import { z } from 'zod'
import { type Credential } from '../model/opaque'

/** A service account that may ask for access tokens. */
export interface Account {
  readonly project: string
  readonly email: string
  readonly keyId?: string
  /** PEM. */
  readonly privateKey: string
  readonly tokenUri: string
}

/** Why the credential is no service account, and what to do. */
export interface AccountFault {
  readonly text: string
  readonly mend: string
}

const GOOGLES_TOKEN_URI = 'https://oauth2.googleapis.com/token'
const GET_ONE =
  'In the Firebase console open Project settings → Service accounts → Generate new private key, and name the downloaded JSON file here'

const keyFile = z.object({
  type: z.literal('service_account'),
  project_id: z.string().regex(/^[a-z0-9][a-z0-9.:-]*$/i),
  client_email: z.string().regex(/^[^@\s]+@[^@\s]+$/),
  private_key: z.string().min(1),
  private_key_id: z.string().optional(),
  token_uri: z.string().default(GOOGLES_TOKEN_URI),
})

/** What a file that is not a key file most likely is, by what it contains. */
const mistaken: readonly (readonly [key: string, what: string])[] = [
  ['project_info', 'is a google-services.json, which belongs into the Android app'],
  ['installed', 'is an OAuth client, not a service account'],
  ['web', 'is an OAuth client, not a service account'],
  ['messagingSenderId', "is a web app's Firebase configuration"],
  ['refresh_token', "is a person's login (authorized_user), not a service account"],
]

const LEGACY_KEY = /^(AAAA[\w-]{7}:[\w-]{100,}|AIza[\w-]{30,})$/

function whatElse(text: string): string | undefined {
  if (LEGACY_KEY.test(text.trim())) return 'is a legacy server key; Google has switched off the interface it was for'
  if (/^-----BEGIN/.test(text.trim())) return 'is a bare private key; the JSON file around it is needed'
  return undefined
}

function keyFault(pem: string): string | undefined {
  try {
    const key = createPrivateKey(pem)
    return key.asymmetricKeyType === 'rsa'
      ? undefined
      : `holds a private key of type ${key.asymmetricKeyType ?? '?'}, not RSA`
  } catch {
    return 'holds a private_key that is no readable PEM; it may have been cut or its line ends lost'
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** Where access tokens may be asked for: Google's hosts, or any where the operator has put another endpoint in Google's place. */
function tokenUriFault(uri: string, anyHost: boolean): string | undefined {
  const url = URL.canParse(uri) ? new URL(uri) : undefined
  if (url?.protocol !== 'https:') return `has the token_uri ${JSON.stringify(uri)}, which is no https address`
  const { hostname } = url
  const googles = /(^|\.)(googleapis|google)\.com$/.test(hostname) && (url.port === '' || url.port === '443')
  return anyHost || googles ? undefined : `has the token_uri ${uri}, which is not Google's`
}

/** Reads the key file. `anyHost`: its token_uri may lead anywhere. */
export function readAccount(
  credential: Credential,
  anyHost: boolean,
): { readonly account: Account } | { readonly fault: AccountFault } {
  const fault = (text: string, mend = GET_ONE) => ({
    fault: { text: `serviceAccount ${credential.toString()} ${text}`, mend },
  })
  const text = credential.text()
  const json = jsonOf(text)
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return fault(whatElse(text) ?? 'is not the JSON key file of a service account')
  }
  const mistake = mistaken.find(([key]) => key in json)
  if (mistake !== undefined) return fault(mistake[1])
  const parsed = keyFile.safeParse(json)
  if (!parsed.success) {
    const fields = [...new Set(parsed.error.issues.map((issue) => issue.path.join('.')))].join(', ')
    return fault(`is no complete key file of a service account: missing or wrong are ${fields}`)
  }
  const { project_id, client_email, private_key, private_key_id, token_uri } = parsed.data
  const broken = keyFault(private_key)
  if (broken !== undefined) return fault(broken)
  const led = tokenUriFault(token_uri, anyHost)
  if (led !== undefined) {
    return fault(
      led,
      `Take the file as Google made it (${GOOGLES_TOKEN_URI}), or set \`endpoint\` if a simulator or proxy stands in for Google`,
    )
  }
  return {
    account: {
      project: project_id,
      email: client_email,
      privateKey: private_key,
      tokenUri: token_uri,
      ...(private_key_id === undefined ? {} : { keyId: private_key_id }),
    },
  }
}
