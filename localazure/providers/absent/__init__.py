"""What Azure has and Local Azure has not, and says so."""
