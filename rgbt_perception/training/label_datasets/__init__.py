"""Registered RGB-thermal pictures in the folders of published data sets, most with class ids."""
