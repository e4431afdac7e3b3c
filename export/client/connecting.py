"""From an address to a way of asking the model there."""

from dataclasses import replace
from pathlib import Path

from rmfn_tf.export.client.address import GRAMMAR, parse_address
from rmfn_tf.export.client.grpc_transport import GrpcTransport
from rmfn_tf.export.client.in_process import InProcessTransport, version_folder
from rmfn_tf.export.client.interface import Interface
from rmfn_tf.export.client.rest_transport import RestTransport
from rmfn_tf.export.client.transport import Transport
from rmfn_tf.export.contract import CONTRACT, Contract, read_contract

LONGEST_TIMEOUT = 86_400.0  # seconds; sockets take no infinity


def connect(
    address: str | Path, timeout: float, retries: int, contract: str | Path | None
) -> tuple[Transport, Interface]:
    """See `Client.connect`."""
    if not 0 < timeout <= LONGEST_TIMEOUT:
        raise ValueError(
            f"timeout must be a number of seconds above 0, a day at most; got {timeout}"
        )
    if retries < 0:
        raise ValueError(f"retries must be 0 or more; got {retries}")
    known = None if contract is None else read_contract(Path(contract))
    if "://" in str(address):
        transport = _over_the_network(str(address), timeout, retries)
    else:
        if not Path(address).exists():
            raise ValueError(f"there is no folder {str(address)!r}, and it is no {GRAMMAR}")
        folder = version_folder(Path(address))
        transport = InProcessTransport(folder)
        if known is None and (folder / CONTRACT).is_file():
            known = read_contract(folder)
    try:
        return transport, learn_interface(transport, known)
    except BaseException:
        transport.close()
        raise


def learn_interface(transport: Transport, contract: Contract | None) -> Interface:
    """What the version behind `transport` takes, with what its contract adds.

    Raises:
        ValueError: The model takes other inputs than the contract says.
    """
    version, signatures = transport.describe()
    bare = Interface(transport.where, version, signatures)
    if contract is None:
        return bare
    if dict(contract.modalities) != bare.modalities:
        raise ValueError(
            f"the contract is of another model: it has the modalities {dict(contract.modalities)}, "
            f"the model at {transport.where} has {bare.modalities}"
        )
    return replace(bare, order=tuple(contract.modalities), task=contract.task)


def _over_the_network(url: str, timeout: float, retries: int) -> Transport:
    address = parse_address(url)
    transport = GrpcTransport if address.scheme.startswith("grpc") else RestTransport
    return transport(address, timeout, retries)
