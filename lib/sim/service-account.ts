// Throw-away Google service accounts: the JSON key file of a project, with a key that opens nothing.
// https://developers.google.com/identity/protocols/oauth2/service-account#creatinganaccount
import { createHash, type KeyObject } from 'node:crypto'
import { rsaKeyPair } from './certificates'

/** The key file as the Firebase console hands it out; write it with `JSON.stringify`. */
export interface ServiceAccount {
  readonly type: 'service_account'
  readonly project_id: string
  readonly private_key_id: string
  readonly private_key: string
  readonly client_email: string
  readonly client_id: string
  readonly auth_uri: string
  readonly token_uri: string
  readonly universe_domain: string
}

/** Whose account, and where it is to ask for tokens. */
export interface ServiceAccountOptions {
  readonly projectId: string
  /** Becomes `token_uri`; a simulator's own address. */
  readonly tokenUri: string
  /** Local part of `client_email`. */
  readonly name?: string
  /** Several keys of one account differ by it. */
  readonly key?: string
}

/** Makes an account; the same options give the same key for the life of the process. */
export const makeServiceAccount = ({
  projectId,
  tokenUri,
  name = 'firebase-adminsdk',
  key = 'first',
}: ServiceAccountOptions): { readonly json: ServiceAccount; readonly publicKey: KeyObject } => {
  const email = `${name}@${projectId}.iam.gserviceaccount.com`
  const pair = rsaKeyPair(`service account ${email} ${key}`)
  return {
    publicKey: pair.publicKey,
    json: {
      type: 'service_account',
      project_id: projectId,
      private_key_id: createHash('sha1').update(pair.publicPem).digest('hex'),
      private_key: pair.privatePem,
      client_email: email,
      client_id: '100000000000000000000',
      auth_uri: 'https://accounts.google.com/o/oauth2/auth',
      token_uri: tokenUri,
      universe_domain: 'googleapis.com',
    },
  }
}
