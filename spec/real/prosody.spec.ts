/** One push, all the way, through a real Prosody and a client that nobody here wrote. */
import { realDescribe } from '../support/available'
import { startProsody } from '../support/prosody'
import { tellRealStory } from '../support/real-story'

realDescribe('prosody', 'the service attached to a real Prosody', () => {
  tellRealStory(startProsody, /Got error <cancel:item-not-found:/)
})
