/** A real ejabberd and a client that nobody here wrote: what it publishes, how it takes answers, and the service attached to it. */
import { realDescribe } from '../support/available'
import { attachEcho } from '../support/echo-component'
import { echoScene, tellLikeness } from '../support/echo-scene'
import { startEjabberd } from '../support/ejabberd'
import { attachRaw } from '../support/raw-component'
import { tellDeath } from '../support/real-death'
import { tellOutage } from '../support/real-outage'
import { PUSH, SECRET, serverForAll, TOWN } from '../support/real-server'
import { DEAD_AFTER, tellRealStory } from '../support/real-story'
import { tellTraffic } from '../support/real-traffic'
import { trafficScene } from '../support/traffic-scene'

/** A name that needs no name server: it has an address wherever the specs run. */
const ADDRESSED = '127.0.0.1'
const DENIED = 'denied.localhost'

realDescribe('ejabberd', 'a real ejabberd', () => {
  const server = serverForAll(() => startEjabberd({ ...TOWN, moreDomains: [ADDRESSED, DENIED], withoutS2s: [DENIED] }))

  describe('with a component that answers what it is told to', () => {
    const scene = echoScene(server)

    tellLikeness(scene, 'ejabberd', /^rr-\d{13}-\d+-[A-Za-z0-9+/]{27}=--?\d+$/)

    it('removes the registration at the first error that is not of type wait', async () => {
      const component = scene.component()
      component.answerWith = { type: 'wait', condition: 'internal-server-error' }
      await scene.write('kept')
      await component.publish(2)
      component.answerWith = { type: 'cancel', condition: 'item-not-found' }
      await scene.write('dead')
      await component.publish(3)
      component.answerWith = undefined
      await server().logged(/rejected notification for romeo@localhost .*, disabling push: item-not-found/)
      // The row goes a moment after the log line.
      for (let before = 0, turn = 0; before !== component.publishes.length && turn < 50; turn++) {
        before = component.publishes.length
        await scene.write('unheard')
        await scene.ping()
      }
      const { length } = component.publishes
      await scene.write('unheard')
      await scene.ping()
      expect(component.publishes.length).toBe(length)
    })

    it('shares its stanzas among several connections, and refuses a wrong secret', async () => {
      const port = Number(new URL(server().componentService).port)
      await expect(attachRaw(port, PUSH, 'x')).rejects.toThrow('not-authorized')
      const second = await attachEcho(server().componentService, PUSH, SECRET)
      await second.stop()
    })
  })

  describe('with the service attached', () => {
    tellRealStory(server, DEAD_AFTER.ejabberd)
  })

  describe('while the service is away and its domain has no address', () => {
    tellOutage(server, { domain: PUSH, bounce: 'remote-server-not-found', registration: 'lost' })
  })

  describe('while the service is away and its domain has an address', () => {
    tellOutage(server, { domain: ADDRESSED, bounce: 'remote-server-timeout', registration: 'kept' })
  })

  describe('while the service is away and s2s to its domain is denied', () => {
    tellOutage(server, { domain: DENIED, bounce: 'forbidden', registration: 'lost' })
  })

  describe('with the service in a process of its own', () => {
    const scene = trafficScene(server)
    tellTraffic(scene, { burst: 'each' })
    tellDeath(scene, { registrations: 'lost', second: 'its share' })
  })
})
