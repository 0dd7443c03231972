"""From CDR bytes to messages, by the definition in the recording or by the one of ROS 2 Jazzy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rgbt_perception.errors import InputError
from rgbt_perception.recording.types import typestore

if TYPE_CHECKING:
    from rosbags.interfaces import Connection
    from rosbags.interfaces.typing import Typesdict
    from rosbags.typesys.store import Typestore


class MessageDecoder:
    """Deserialises the messages of one connection."""

    def __init__(self, connection: Connection) -> None:
        """Choose the definition.

        Raises:
            InputError: the type is unknown and its definition is missing or unreadable.
        """
        self.topic = connection.topic
        self.type = connection.msgtype
        self._store = definition_store(connection)

    def decode(self, data: bytes, time_ns: int) -> Any:
        """A message; its arrays are read-only views of ``data``.

        Raises:
            InputError: the bytes are not such a message.
        """
        try:
            # A memoryview is sliced without a copy.
            return self._store.deserialize_cdr(memoryview(data), self.type)
        except Exception as error:
            raise InputError(
                f"{self.topic}: the message at {time_ns} ns is not a readable {self.type} "
                f"({type(error).__name__})"
            ) from None


def definition_store(connection: Connection) -> Typestore:
    """What defines the type of a connection.

    Raises:
        InputError: the type is unknown and its definition is missing or unreadable.
    """
    from rosbags.interfaces import MessageDefinitionFormat
    from rosbags.typesys import Stores, get_typestore

    kind, name = connection.msgdef.format, connection.msgtype
    reason = "the recording holds no definition of it"
    if kind != MessageDefinitionFormat.NONE:
        try:
            store = get_typestore(Stores.EMPTY)
            store.register(_parse(connection.msgdef.data, name, kind))
            store.get_msgdef(name)
            return store
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
    if name in typestore().types:
        return typestore()
    raise InputError(f"{connection.topic}: messages of type {name} cannot be read ({reason})")


def _parse(text: str, name: str, kind: object) -> Typesdict:
    from rosbags.interfaces import MessageDefinitionFormat
    from rosbags.typesys import get_types_from_idl, get_types_from_msg

    if kind == MessageDefinitionFormat.MSG:
        return get_types_from_msg(text, name)
    types: Typesdict = {}
    rule = "=" * 80 + "\n"
    # Several IDL files in one text, each under a rule and a line with its name.
    for part in text.split(rule):
        idl = part.split("\n", 1)[1] if part.startswith("IDL: ") else part
        if idl.strip():
            types.update(get_types_from_idl(idl))
    return types
