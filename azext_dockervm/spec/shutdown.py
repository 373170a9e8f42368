"""When a host is shut down every day, in the words of Azure's schedules: time, time zone, whom to tell before."""

from __future__ import annotations

import re

from azext_dockervm.advice.option_values import example
from azext_dockervm.errors import InvalidValue
from azext_dockervm.nearest import did_you_mean, nearest
from azext_dockervm.printable import printable

# The names that Azure's schedules take are those of Windows: .NET's TimeZoneInfo, to which az's own help of
# `az lab global-schedule` points. UTC is what `az vm auto-shutdown` always says.
_STANDARD_TIMES = (
    "AUS Central, AUS Eastern, Afghanistan, Alaskan, Aleutian, Altai, Arab, Arabian, Arabic, Argentina, Astrakhan, "
    "Atlantic, Aus Central W., Azerbaijan, Azores, Bahia, Bangladesh, Belarus, Bougainville, Canada Central, "
    "Cape Verde, Caucasus, Cen. Australia, Central, Central America, Central Asia, Central Brazilian, Central Europe, "
    "Central European, Central Pacific, Chatham Islands, China, Cuba, Dateline, E. Africa, E. Australia, E. Europe, "
    "E. South America, Easter Island, Eastern, Egypt, Ekaterinburg, FLE, Fiji, GMT, GTB, Georgian, Greenland, "
    "Greenwich, Haiti, Hawaiian, India, Iran, Israel, Jordan, Kaliningrad, Kamchatka, Korea, Libya, Line Islands, "
    "Lord Howe, Magadan, Magallanes, Marquesas, Mauritius, Mid-Atlantic, Middle East, Montevideo, Morocco, Mountain, "
    "Myanmar, N. Central Asia, Namibia, Nepal, New Zealand, Newfoundland, Norfolk, North Asia, North Asia East, "
    "North Korea, Omsk, Pacific, Pacific SA, Pakistan, Paraguay, Qyzylorda, Romance, Russian, SA Eastern, SA Pacific, "
    "SA Western, SE Asia, Saint Pierre, Sakhalin, Samoa, Sao Tome, Saratov, Singapore, South Africa, South Sudan, "
    "Sri Lanka, Sudan, Syria, Taipei, Tasmania, Tocantins, Tokyo, Tomsk, Tonga, Transbaikal, Turkey, "
    "Turks And Caicos, US Eastern, US Mountain, Ulaanbaatar, Venezuela, Vladivostok, Volgograd, W. Australia, "
    "W. Central Africa, W. Europe, W. Mongolia, West Asia, West Bank, West Pacific, Yakutsk, Yukon")
TIME_ZONES = (
    "UTC", "UTC-02", "UTC-08", "UTC-09", "UTC-11", "UTC+12", "UTC+13", "Russia Time Zone 10", "Russia Time Zone 11",
    "Russia Time Zone 3", "Central Standard Time (Mexico)", "Eastern Standard Time (Mexico)",
    "Mountain Standard Time (Mexico)", "Pacific Standard Time (Mexico)",
    *(f"{name} Standard Time" for name in _STANDARD_TIMES.split(", ")))
_BY_LOWER_NAME = {name.lower(): name for name in TIME_ZONES}
_ADDRESS = r"[^\s@;]+@[^\s@;]+\.[^\s@;]+"


def check_time(text: str) -> str:
    """HHMM, as ``az vm auto-shutdown --time`` takes it."""
    if not re.fullmatch(r"([01]\d|2[0-3])[0-5]\d", text, re.ASCII):
        raise InvalidValue(f"--auto-shutdown: '{printable(text)}' is not a time of day in four digits, from 0000 to "
                           "2359.", example("--auto-shutdown", "1900"))
    return text


def check_time_zone(text: str) -> str:
    """A name of Windows' time zones, in any case → as Windows spells it."""
    found = _BY_LOWER_NAME.get(text.strip().lower())
    if found is None:
        meant = did_you_mean(nearest(text, TIME_ZONES, cutoff=0.6))
        raise InvalidValue(f"--auto-shutdown-time-zone: '{printable(text)}' is none of the time zones that Azure's "
                           f"schedules know; they have Windows' names.{meant}",
                           example("--auto-shutdown-time-zone", "W. Europe Standard Time"))
    return found


def check_addresses(text: str) -> str:
    """One mail address, or several with semicolons between them."""
    if not all(re.fullmatch(_ADDRESS, one.strip()) for one in text.split(";")):
        raise InvalidValue(f"--auto-shutdown-email: '{printable(text)}' is not a mail address, nor several with "
                           "semicolons between them.", example("--auto-shutdown-email", "me@example.com"))
    return ";".join(one.strip() for one in text.split(";"))
