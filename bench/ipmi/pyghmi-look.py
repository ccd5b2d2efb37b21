"""Power status with pyghmi, 16 threads: addresses on standard input, the port in argv; the number of answers on standard output."""
import os
import sys
from concurrent.futures import ThreadPoolExecutor

from pyghmi.ipmi import command


def look(address):
    try:
        bmc = command.Command(
            bmc=address, port=int(sys.argv[1]), userid=os.environ['BMC_USER'],
            password=os.environ['BMC_PASSWORD'], privlevel=3)
        answer = bmc.get_power()
        bmc.ipmi_session.logout()
        return 'powerstate' in answer
    except Exception:
        return False


addresses = sys.stdin.read().split()
with ThreadPoolExecutor(16) as threads:
    print(sum(threads.map(look, addresses)))
