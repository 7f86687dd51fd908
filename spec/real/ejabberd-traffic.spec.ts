/** A day with a real ejabberd and a client that nobody here wrote. */
import { realDescribe } from '../support/available'
import { startEjabberd } from '../support/ejabberd'
import { tellTraffic } from '../support/real-traffic'

realDescribe('ejabberd', 'a day with a real ejabberd', () => {
  tellTraffic(startEjabberd, {
    keepsWhileAway: false,
    second: 'its share',
    burst: 'each',
  })
})
