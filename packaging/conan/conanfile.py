# Conan 2: `conan create packaging/conan` from this tree, `-o "libinfer/*:shared=True"` for the shared library.
import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rm, rmdir
from conan.tools.system.package_manager import Apt, Brew, Dnf, PacMan


class Libinfer(ConanFile):
    name = "libinfer"
    description = "The inference library that people embed: language models from GGUF files behind one C header"
    license = "Apache-2.0"
    topics = ("inference", "llm", "gguf")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False]}
    default_options = {"shared": False}

    def set_version(self):
        text = load(self, os.path.join(self.recipe_folder, "..", "..", "CMakeLists.txt"))
        self.version = re.search(r"project\(libinfer VERSION ([0-9.]+)", text).group(1)

    def export_sources(self):
        root = os.path.join(self.recipe_folder, "..", "..")
        for pattern in "CMakeLists.txt", "LICENSE", "include/*", "lib/*", "backends/*", "packaging/cmake/*", "packaging/debian/copyright":
            copy(self, pattern, root, self.export_sources_folder)

    # Header-only libraries that the build reads; who uses the package needs neither. By Conan's default this only looks
    # whether they are there; -c tools.system.package_manager:mode=install installs them.
    def system_requirements(self):
        Apt(self).install(["nlohmann-json3-dev", "libxxhash-dev"])
        Dnf(self).install(["json-devel", "xxhash-devel"])
        PacMan(self).install(["nlohmann-json", "xxhash"])
        Brew(self).install(["nlohmann-json", "xxhash"])

    def layout(self):
        cmake_layout(self)

    def validate(self):
        if not self.options.shared and (self.settings.os != "Linux" or self.settings.compiler != "gcc"):
            raise ConanInvalidConfiguration("libinfer.a needs GCC on Linux: take -o libinfer/*:shared=True")

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.user_presets_path = False
        for name in "INFER_TESTS", "INFER_TOOLS", "INFER_VULKAN", "INFER_CUDA":
            toolchain.cache_variables[name] = "OFF"
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        copy(self, "copyright", os.path.join(self.source_folder, "packaging", "debian"), os.path.join(self.package_folder, "licenses"))
        libraries = os.path.join(self.package_folder, "lib")
        rm(self, "libinfer.a" if self.options.shared else "libinfer.so*", libraries)
        for folder in "cmake", "pkgconfig":  # Conan writes its own for whoever asks
            rmdir(self, os.path.join(libraries, folder))

    def package_info(self):
        self.cpp_info.libs = ["infer"]
        self.cpp_info.set_property("cmake_file_name", "libinfer")
        self.cpp_info.set_property("cmake_target_name", "libinfer::libinfer")
        self.cpp_info.set_property("pkg_config_name", "libinfer")
        if not self.options.shared:
            self.cpp_info.defines = ["INFER_STATIC"]
            if self.settings.os == "Linux":
                self.cpp_info.system_libs = ["stdc++", "m", "pthread", "dl"]
