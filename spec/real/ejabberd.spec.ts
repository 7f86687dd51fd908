/** One push, all the way, through a real ejabberd and a client that nobody here wrote. */
import { realDescribe } from '../support/available'
import { startEjabberd } from '../support/ejabberd'
import { tellRealStory } from '../support/real-story'

realDescribe('ejabberd', 'the service attached to a real ejabberd', () => {
  tellRealStory(startEjabberd, /rejected notification for juliet@localhost .*, disabling push: item-not-found/)
})
