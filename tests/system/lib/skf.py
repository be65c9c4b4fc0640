"""A GM/T 0016 library as any program sees it: libhufuskf.so by ctypes."""

import ctypes
import os


class Error(OSError):
    pass


class Device:
    """One token; application HUFU of it is open."""

    def __init__(self, home, name):
        os.environ["HUFU_SKF_HOME"] = os.path.join(home.folder, "tokens")
        self.library = ctypes.CDLL(os.path.join(home.build, "libhufuskf.so"))
        self.device, self.application = ctypes.c_void_p(), ctypes.c_void_p()
        self.call("SKF_ConnectDev", name.encode(), ctypes.byref(self.device))
        self.call("SKF_OpenApplication", self.device, b"HUFU", ctypes.byref(self.application))

    def close(self):
        self.call("SKF_DisConnectDev", self.device)

    def call(self, name, *arguments):
        code = getattr(self.library, name)(*arguments) & 0xFFFFFFFF
        if code != 0:
            raise Error(f"{name}: {code:#x}")

    def log_in(self, pin):
        tries = ctypes.c_uint32()
        self.call("SKF_VerifyPIN", self.application, 1, pin, ctypes.byref(tries))

    def container(self, name):
        handle = ctypes.c_void_p()
        self.call("SKF_OpenContainer", self.application, name, ctypes.byref(handle))
        return handle

    def certificate(self, container, is_sign):
        octets, size = ctypes.create_string_buffer(16384), ctypes.c_uint32(16384)
        self.call("SKF_ExportCertificate", container, int(is_sign), octets, ctypes.byref(size))
        return octets.raw[: size.value]

    def public_key(self, container):
        """x, y of the signing pair."""
        blob, size = ctypes.create_string_buffer(132), ctypes.c_uint32(132)
        self.call("SKF_ExportPublicKey", container, 1, blob, ctypes.byref(size))
        return blob.raw[36:68] + blob.raw[100:132]

    def sign(self, container, digest):
        """(r, s)"""
        blob = ctypes.create_string_buffer(128)
        self.call("SKF_ECCSignData", container, digest, len(digest), blob)
        return blob.raw[32:64], blob.raw[96:128]


def certificates(home, name):
    """(signing, encryption): DER, of a subject's token."""
    device = Device(home, name)
    try:
        container = device.container(b"hufu")
        return device.certificate(container, True), device.certificate(container, False)
    finally:
        device.close()
