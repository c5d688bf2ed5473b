"""Has labgrid read an exporter file, an environment and a place, and tells as JSON what came of it."""

import json
import sys

import requests
from labgrid import Environment
from labgrid.remote.config import ResourceConfig
from labgrid.util.yaml import load

exporter, environment, place = sys.argv[1:]
answer = {}

group = ResourceConfig(exporter).data["hilphone"]
hook = group["hook"]
answer["cls"], answer["location"] = hook["cls"], group["location"]
# As labgrid's driver for HttpDigitalOutput does it.
requests.put(hook["url"], data=hook["body_asserted"]).raise_for_status()
answer["http"] = requests.get(hook["url"]).text
requests.put(hook["url"], data=hook["body_deasserted"]).raise_for_status()

target = Environment(environment).get_target("main")
power = target.get_driver("NetworkPowerDriver", name="hook")
answer["before"] = power.get()
power.on()
answer["lifted"] = power.get()
power.off()
answer["replaced"] = power.get()

with open(place) as file:
    answer["remote"] = load(file)["targets"]["main"]["resources"][0]["RemotePlace"]["name"]

print()
print(json.dumps(answer))
