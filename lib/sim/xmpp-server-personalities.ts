/** The servers that can be played, by name: one line each. */
import { ejabberd } from './xmpp-server-ejabberd'
import { type Personality } from './xmpp-server-personality'
import { prosody } from './xmpp-server-prosody'

export const PERSONALITIES = { prosody, ejabberd } satisfies Record<string, Personality>

export type PersonalityName = keyof typeof PERSONALITIES
