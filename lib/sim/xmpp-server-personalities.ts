/** The servers that can be played, by name: one line each. */
import { ejabberd } from './xmpp-server-ejabberd'
import { metronome } from './xmpp-server-metronome'
import { mongooseim } from './xmpp-server-mongooseim'
import { openfire } from './xmpp-server-openfire'
import { type Personality } from './xmpp-server-personality'
import { prosody } from './xmpp-server-prosody'
import { tigase } from './xmpp-server-tigase'

export const PERSONALITIES = {
  prosody,
  ejabberd,
  mongooseim,
  tigase,
  openfire,
  metronome,
} satisfies Record<string, Personality>

export type PersonalityName = keyof typeof PERSONALITIES
