from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rgbt_perception.geometry.row_bands import row_bands, rows_at_a_time


@given(height=st.integers(0, 5000), width=st.integers(1, 100_000))
def test_every_row_is_in_one_band_in_order(height, width):
    bands = list(row_bands(height, width))
    rows = [row for band in bands for row in range(band.start, band.stop)]
    assert rows == list(range(height))
    assert all(band.stop - band.start <= rows_at_a_time(width) for band in bands)
